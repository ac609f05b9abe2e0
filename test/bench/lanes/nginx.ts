// nginx as a WebSocket proxy, the yardstick of every ratio: one worker on the proxy core, stock buffers, no access log.
// Guarantees that it is configured by a file in the run's own folder and stopped by its pid.
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CORE, spawnPinned, stopProcess } from '../process/pinned.js';
import { descendants } from '../process/proc-stat.js';
import { freePort } from './free-port.js';
import { type Lane, type LaneContext, localTarget } from './lane.js';
import { untilListening } from './until-listening.js';

interface NginxKind {
  tls: boolean;
  /** nginx's default is one page (4k); the variant shows what that costs on large frames. */
  bufferSize?: string;
}

/** nginx with its default buffers. */
export const nginx: Lane = lane('nginx', 'proxy_pass with upgrade, default buffers', { tls: false });
/** nginx with 64 KB buffers. */
export const nginxLargeBuffers: Lane = lane('nginx-64k', 'the same with 64 KB buffers', {
  tls: false,
  bufferSize: '64k',
});
/** nginx terminating TLS and encrypting again. */
export const nginxTls: Lane = lane('nginx-tls', 'terminates TLS and encrypts again', { tls: true });

function lane(name: string, about: string, kind: NginxKind): Lane {
  return {
    name,
    about,
    start: async (context) => {
      const port = await freePort();
      const folder = join(context.workDir, name);
      mkdirSync(folder, { recursive: true });
      const config = join(folder, 'nginx.conf');
      writeFileSync(config, nginxConfig(context, folder, port, kind));
      const log = openSync(join(folder, 'stderr.log'), 'a');
      const child = spawnPinned({
        core: context.core ?? CORE.proxy,
        command: 'nginx',
        args: ['-e', join(folder, 'error.log'), '-p', folder, '-c', config],
        stdio: ['ignore', log, log],
      });
      await untilListening(child, port, `nginx did not start: is it installed? See ${join(folder, 'error.log')}`);
      const pid = child.pid ?? 0;
      return {
        target: localTarget(port, kind.tls ? context.certificate : undefined),
        proxyPids: [pid, ...descendants(pid)],
        asidePids: [],
        metricsUrl: null,
        stop: () => stopProcess(child),
      };
    },
  };
}

function nginxConfig({ upstream, certificate }: LaneContext, folder: string, port: number, kind: NginxKind): string {
  const size = kind.bufferSize;
  const buffers = size ? `proxy_buffer_size ${size}; proxy_buffers 4 ${size}; proxy_busy_buffers_size ${size};` : '';
  const certificates = `ssl_certificate ${certificate.certPath}; ssl_certificate_key ${certificate.keyPath};`;
  return `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port} backlog=4096 ${kind.tls ? 'ssl' : ''};
    ${kind.tls ? certificates : ''}
    location / {
      proxy_pass ${kind.tls ? `https://127.0.0.1:${upstream.tls}` : `http://127.0.0.1:${upstream.plain}`};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_read_timeout 1h; proxy_send_timeout 1h;
      ${buffers}
    }
  }
}
`;
}
