import { main } from './main.ts';
import { createIo } from './standard-io.ts';

/** Runs the command line of this process and sets its exit code. */
export async function run(): Promise<void> {
  const io = createIo();
  try {
    process.exitCode = await main(process.argv.slice(2), io);
  } catch (error) {
    io.note(
      `faultline: a fault of the program itself: ${String(error)}. Please report it with the command you ran.`,
    );
    if (process.env['FAULTLINE_TRACE'] && error instanceof Error) io.note(error.stack ?? '');
    process.exitCode = 70;
  }
}
