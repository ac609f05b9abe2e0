// The order of the specs in a run with several workers: those that take longest first, or one of them would be left running
// alone at the end. Jest knows how long a file took only where it has run before, and a fresh clone has not.
const { default: Sequencer } = require('@jest/test-sequencer');

const LONGEST = /\/test\/sim\/|\/embedded-postgres\/supervisor\.|\/spool\/every-byte\./;

module.exports = class LongFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return [...sorted.filter(({ path }) => LONGEST.test(path)), ...sorted.filter(({ path }) => !LONGEST.test(path))];
  }
};
