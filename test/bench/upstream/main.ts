// The benchmark's upstream as a process. Usage: node main.js CERT.pem KEY.pem, with an IPC channel.
import { readFileSync } from 'node:fs';
import { serveCalls } from '../process/rpc.js';
import { BenchUpstream } from './bench-upstream.js';

const [certPath, keyPath] = process.argv.slice(2);
if (certPath === undefined || keyPath === undefined) throw new Error('usage: main.js CERT.pem KEY.pem');
const upstream = new BenchUpstream();
const ports = await upstream.listen({ cert: readFileSync(certPath), key: readFileSync(keyPath) });

serveCalls({
  ports: () => ports,
  openWindow: () => upstream.stage.all().forEach((group) => group.openWindow()),
  figures: () => upstream.stage.all().map((group) => group.figures()),
  setSpeaking: (speaking) => upstream.stage.setSpeaking(speaking === true),
  forget: () => upstream.stage.forget(),
  openSessions: () => upstream.openSessions,
  cut: (group) => upstream.cut(typeof group === 'string' ? group : null),
});
