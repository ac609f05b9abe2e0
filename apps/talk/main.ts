// `npm run talk -- speech.wav` or `-- --text "..."`: says something to the model through the gateway, shows the transcript
// as it comes, saves the reply as WAV and ends with the bill.
import { Command } from 'commander';
import { processEnvironment } from '@trunkline/platform/config';
import { fetchBill, formatBill } from './bill.js';
import { talk, type Utterance } from './conversation.js';
import { findEndpoint } from './endpoint.js';
import { durationMs, readSpeech, writeSpeech } from './wav.js';

interface Flags {
  readonly text?: string;
  readonly model: string;
  readonly voice: string;
  readonly out: string;
  readonly url?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly dataDir: string;
}

const program = new Command('talk')
  .description('Talk to the model through the gateway with the official openai client.')
  .argument('[file]', 'a WAV file with speech; any format, resampled to 24 kHz mono')
  .option('--text <text>', 'type instead of speaking')
  .option('--model <model>', 'the Realtime model', 'gpt-realtime')
  .option('--voice <voice>', 'the voice of the reply', 'marin')
  .option('--out <file>', 'where to save the reply', 'reply.wav')
  .option('--url <url>', 'base URL ending in /v1 (default: OPENAI_BASE_URL, else the gateway of the data folder)')
  .option('--key <key>', 'API key (default: OPENAI_API_KEY, else the first key of the data folder)')
  .option('--ca <file>', 'certificate authority to trust')
  .option('--data-dir <dir>', "the gateway's data folder", './data')
  .action(run);

async function run(file: string | undefined, flags: Flags): Promise<void> {
  const utterance = await utteranceOf(file, flags.text);
  const endpoint = await findEndpoint(flags, processEnvironment());
  if (endpoint.simulator) process.stdout.write('the simulator answers: its words, and what it heard, are made up\n');
  let speaker = '';
  const heardLate: string[] = [];
  const reply = await talk(endpoint, utterance, {
    model: flags.model,
    voice: flags.voice,
    onTranscript: (who, text) => {
      // What was said is transcribed beside the answer and may come in the middle of it.
      if (who === 'you' && speaker === 'assistant') return void heardLate.push(text);
      process.stdout.write(who === speaker ? text : `${speaker && '\n'}${who}: ${text}`);
      speaker = who;
    },
  });
  for (const text of heardLate) process.stdout.write(`\nyou (transcribed meanwhile): ${text}`);
  await writeSpeech(flags.out, reply.audio);
  process.stdout.write(
    `\n\nreply saved to ${flags.out} (${(durationMs(reply.audio) / 1000).toFixed(2)} s, ${reply.status})\n`,
  );
  if (reply.sessionId === null) {
    process.stdout.write('no bill: the endpoint did not name a session, so it is not a Trunkline gateway\n');
    return;
  }
  const bill = await fetchBill(endpoint, reply.sessionId);
  process.stdout.write(`session ${bill.id}\n${formatBill(bill)}\n`);
}

async function utteranceOf(file: string | undefined, text: string | undefined): Promise<Utterance> {
  if (text !== undefined && file === undefined) return { text };
  if (file !== undefined && text === undefined) return { speech: await readSpeech(file) };
  throw new Error('give either a WAV file or --text "..."');
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`talk: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
