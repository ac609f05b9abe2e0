// How each SDK is told to come here: the base address and the key, and nothing else.

/** An SDK. */
export interface Snippet {
  readonly id: string;
  readonly name: string;
  /** @param base such as `http://127.0.0.1:8080/v1` */
  readonly code: (base: string) => string;
}

const socketOf = (base: string) => `${base.replace(/^http/, 'ws')}/realtime?model=gpt-realtime`;

/** All. */
export const SNIPPETS: readonly Snippet[] = [
  {
    id: 'openai-node',
    name: 'openai (Node.js)',
    code: (base) => `import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';

const client = new OpenAI({ baseURL: '${base}', apiKey: process.env.TRUNKLINE_KEY });
const session = new OpenAIRealtimeWS({ model: 'gpt-realtime' }, client);
session.on('response.output_audio_transcript.delta', ({ delta }) => process.stdout.write(delta));`,
  },
  {
    id: 'agents-js',
    name: '@openai/agents (browser)',
    code: (base) => `import { RealtimeAgent, RealtimeSession } from '@openai/agents-realtime';

const agent = new RealtimeAgent({ name: 'helper', instructions: 'Be brief.' });
const session = new RealtimeSession(agent, { transport: 'websocket' });
// The client secret (ek_...) comes from your server: POST ${base}/realtime/client_secrets
await session.connect({ apiKey: clientSecret, url: '${socketOf(base)}' });`,
  },
  {
    id: 'openai-python',
    name: 'openai (Python)',
    code: (base) => `import os
from openai import AsyncOpenAI

client = AsyncOpenAI(base_url="${base}", api_key=os.environ["TRUNKLINE_KEY"])
async with client.realtime.connect(model="gpt-realtime") as connection:
    await connection.response.create()
    async for event in connection:
        print(event.type)`,
  },
  {
    id: 'livekit',
    name: 'LiveKit Agents (Python)',
    code: (base) => `from livekit.agents import AgentSession
from livekit.plugins import openai

session = AgentSession(llm=openai.realtime.RealtimeModel(
    model="gpt-realtime", base_url="${base}", api_key=os.environ["TRUNKLINE_KEY"]))`,
  },
  {
    id: 'pipecat',
    name: 'Pipecat (Python)',
    code: (base) => `from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService

llm = OpenAIRealtimeLLMService(
    api_key=os.environ["TRUNKLINE_KEY"], base_url="${base.replace(/^http/, 'ws')}/realtime")`,
  },
  {
    id: 'secret',
    name: 'curl: client secret',
    code: (base) => `curl -s ${base}/realtime/client_secrets \\
  -H "Authorization: Bearer $TRUNKLINE_KEY" -H "Content-Type: application/json" \\
  -d '{"session": {"type": "realtime", "model": "gpt-realtime"}}'`,
  },
];
