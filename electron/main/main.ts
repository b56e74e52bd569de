import { app } from 'electron';
import { runApp } from './app.ts';
import { commandLineOf, runCommandLine } from './command-line.ts';

const args = commandLineOf(process.argv);
if (args) void runCommandLine(args, app.getAppPath());
else runApp();
