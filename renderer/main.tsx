import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/panel.css';
import { openEngine } from './engine/road.ts';
import { mount } from './mount.tsx';
// After the panels' own: it comes over theirs.
import './styles/forced.css';

mount(document.querySelector('#app'), openEngine);
