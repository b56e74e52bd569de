/** The report's one style sheet: both colour schemes, print, nothing from elsewhere. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--bg:#fff;--bg2:#f4f6f8;--line:#d5dbe3;--fg:#171c22;--fg2:#566272;--err:#b00038;--warn:#855500;--info:#3b4fa8;--ok:#0b6b4c;--accent:#0a5cb8}
@media (prefers-color-scheme:dark){:root{--bg:#191d23;--bg2:#20252d;--line:#2c333d;--fg:#e4e8ee;--fg2:#9ca7b6;--err:#ff7f66;--warn:#f2c14e;--info:#9db0e8;--ok:#3fc7b0;--accent:#6ab0ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1080px;padding:24px;background:var(--bg);color:var(--fg);font:14px/20px system-ui,'Segoe UI',sans-serif}
h1{font:600 22px/28px system-ui,sans-serif;margin:0 0 4px}
h2{font:600 17px/24px system-ui,sans-serif;margin:32px 0 8px;border-bottom:1px solid var(--line)}
h3{font:600 14px/20px system-ui,sans-serif;margin:20px 0 6px}
h4{font:600 13px/18px system-ui,sans-serif;margin:12px 0 4px}
p,ul,ol,dl{margin:6px 0}
a{color:var(--accent)}
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:4px 16px}
code,pre,.mono,td,th{font:12px/18px ui-monospace,'DejaVu Sans Mono',monospace}
pre{background:var(--bg2);padding:8px;overflow:auto}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:2px 8px 2px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{color:var(--fg2);font-weight:600;white-space:nowrap}
.muted{color:var(--fg2)}
.error{color:var(--err)}.warning{color:var(--warn)}.note{color:var(--info)}.ok{color:var(--ok)}
.card{border:1px solid var(--line);border-left:3px solid var(--fg2);border-radius:4px;padding:8px 12px;margin:12px 0}
.card.is-error{border-left-color:var(--err)}.card.is-warning{border-left-color:var(--warn)}.card.is-note{border-left-color:var(--info)}
.card h3{margin-top:0}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px}
dl.facts dt{color:var(--fg2)}dl.facts dd{margin:0;overflow-wrap:anywhere}
svg{max-width:100%;height:auto;display:block;margin:8px 0}
svg text{font:12px ui-monospace,'DejaVu Sans Mono',monospace;fill:var(--fg)}
svg .soft{fill:var(--fg2)}svg .box{fill:var(--bg2);stroke:var(--line)}
svg .next .box,svg .leaf .box{stroke:var(--ok)}svg .stop .box{stroke:var(--err);stroke-width:2}svg .unknown .box{stroke-dasharray:4 3;stroke:var(--fg2)}
svg .arrow{stroke:var(--fg2);fill:none}
@media print{body{max-width:none;padding:0}.card,tr,svg{break-inside:avoid}}
`;
