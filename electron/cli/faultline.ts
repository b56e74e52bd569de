import { createIo } from './standard-io.ts';
import { main } from './main.ts';

const io = createIo();
main(process.argv.slice(2), io).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    io.note(
      `faultline: a fault of the program itself: ${String(error)}. Please report it with the command you ran.`,
    );
    if (process.env['FAULTLINE_TRACE'] && error instanceof Error) io.note(error.stack ?? '');
    process.exitCode = 70;
  },
);
