// WAV files in and out: any WAV that `wavefile` reads becomes mono PCM16 at 24 kHz, what the Realtime API calls audio/pcm.
import { readFile, writeFile } from 'node:fs/promises';
import wavefile from 'wavefile';

/** Samples a second of the Realtime API's `audio/pcm` format. */
export const SAMPLE_RATE = 24_000;
const BYTES_PER_SAMPLE = 2;

/** Reads a WAV file as mono PCM16 little-endian at 24 kHz. Throws with the file's name when it is no readable WAV. */
export async function readSpeech(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new Error(`cannot read ${path}: does the file exist?`, { cause });
  });
  const wav = new wavefile.WaveFile();
  try {
    wav.fromBuffer(bytes);
    if (['4', '8a', '8m'].includes(wav.bitDepth)) decodeCompressed(wav);
    wav.toBitDepth('16');
    wav.toSampleRate(SAMPLE_RATE);
  } catch (cause) {
    throw new Error(`${path} is not a WAV file that can be read; convert it with: sox INPUT -b 16 output.wav`, {
      cause,
    });
  }
  return mixDown(wav);
}

/** Writes mono PCM16 at 24 kHz as a WAV file. */
export async function writeSpeech(path: string, pcm: Buffer): Promise<void> {
  const wav = new wavefile.WaveFile();
  wav.fromScratch(1, SAMPLE_RATE, '16', new Int16Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length)));
  await writeFile(path, wav.toBuffer());
}

/** Length of mono PCM16 at 24 kHz, in milliseconds. */
export function durationMs(pcm: Buffer): number {
  return (pcm.length / BYTES_PER_SAMPLE / SAMPLE_RATE) * 1000;
}

function decodeCompressed(wav: InstanceType<typeof wavefile.WaveFile>): void {
  if (wav.bitDepth === '4') wav.fromIMAADPCM();
  else if (wav.bitDepth === '8a') wav.fromALaw();
  else wav.fromMuLaw();
}

function mixDown(wav: InstanceType<typeof wavefile.WaveFile>): Buffer {
  const channels = channelsOf(wav.getSamples(false, Int16Array));
  const length = Math.min(...channels.map((channel) => channel.length));
  const pcm = Buffer.alloc(length * BYTES_PER_SAMPLE);
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (const channel of channels) sum += channel[i] ?? 0;
    pcm.writeInt16LE(Math.round(sum / channels.length), i * BYTES_PER_SAMPLE);
  }
  return pcm;
}

// The package's types name the default array only: one array for mono, a list of them for more channels.
function channelsOf(samples: unknown): Int16Array[] {
  const list: unknown[] = Array.isArray(samples) ? samples : [samples];
  return list.filter((channel) => channel instanceof Int16Array);
}
