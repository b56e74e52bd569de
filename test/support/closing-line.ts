import type { Reporter, TestModule } from 'vitest/node';

/**
 * Prints the plain closing line of the run (`tests: 12 passed, 0 failed, 1 skipped`), names what
 * skipped, and fails the run where nothing may skip (FAULTLINE_NOTHING_SKIPS, set by `.ci/run`).
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    const skipped: string[] = [];
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) failed++;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === 'passed') passed++;
        else if (state === 'failed') failed++;
        else skipped.push(`${module.moduleId.replace(/^.*\/test\//, 'test/')}: ${test.fullName}`);
      }
    }
    for (const name of skipped) console.log(`skipped: ${name}`);
    if (skipped.length > 0 && process.env['FAULTLINE_NOTHING_SKIPS']) {
      console.log('Nothing may skip here: every program and ../shared are expected to be present.');
      process.exitCode = 1;
      failed += skipped.length;
    }
    console.log(`tests: ${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  }
}
