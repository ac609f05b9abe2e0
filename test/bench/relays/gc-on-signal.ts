// Loaded in front of a Node program under test: collects its garbage on SIGUSR2, so that memory can be counted from a
// base without the rubbish of starting. Needs `--expose-gc`; changes nothing else about the program.

process.on('SIGUSR2', () => globalThis.gc?.());
