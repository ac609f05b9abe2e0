// The first import of every script: says in one sentence what is wrong with an old Node, before newer syntax or a
// missing function says it badly. Keep this file, and what is imported before it, plain enough for Node 14.
export const NODE_MINIMUM = [20, 19];

/** Null when this Node will do, else what to do about it. */
export function nodeProblem(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1])) return null;
  return (
    `Trunkline needs Node ${NODE_MINIMUM.join('.')} or newer; this is ${version}. ` +
    'Install Node 24 LTS (Node 20 is end of life) and run the command again.'
  );
}

/** Advice for a Node that works but gets no security fixes any more; null otherwise. */
export function nodeAdvice(version = process.versions.node) {
  return Number(version.split('.')[0]) < 22
    ? `Node ${version} works, but Node 20 is end of life and gets no security fixes: move to Node 24 LTS.`
    : null;
}

const problem = nodeProblem();
if (problem !== null) {
  process.stderr.write(problem + '\n');
  process.exit(1);
}
