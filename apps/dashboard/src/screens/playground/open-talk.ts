// A talk through the gateway: the client secret in the subprotocol, the microphone in, the answer played. Whatever ends it, all
// that was opened is closed.
import { base64Of, RATE, samplesOf } from './pcm.js';
import recorderUrl from './recorder.worklet.ts?worker&url';
import type { TalkEvent } from './talk-state.js';

/** What a talk needs. */
export interface TalkParts {
  /** Of the gateway, such as `ws://127.0.0.1:8080/v1/realtime?model=gpt-realtime`. */
  readonly url: string;
  /** `ek_...` */
  readonly secret: string;
  readonly onEvent: (event: TalkEvent) => void;
  /** It ended. @param why empty: as it should */
  readonly onEnd: (why: string) => void;
}

/** A talk under way. */
export interface OpenTalk {
  /** Says something in writing. */
  readonly type: (text: string) => void;
  /** Starts the microphone. Rejects where there is none, or it may not be used. */
  readonly listen: () => Promise<void>;
  readonly end: () => void;
}

/** Opens one. */
export function openTalk({ url, secret, onEvent, onEnd }: TalkParts): OpenTalk {
  const audio = new AudioContext({ sampleRate: RATE });
  const socket = new WebSocket(url, ['realtime', `openai-insecure-api-key.${secret}`]);
  const speaker = openSpeaker(audio);
  let microphone: MediaStream | null = null;
  const send = (event: object) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(event));
  };
  socket.onmessage = ({ data }) => {
    const event = JSON.parse(String(data)) as TalkEvent;
    if (event.type === 'response.output_audio.delta') speaker.play(String(event['delta']));
    // Who speaks over the answer does not want to hear the rest of it.
    if (event.type === 'input_audio_buffer.speech_started') speaker.hush();
    onEvent(event);
  };
  socket.onclose = ({ code, reason }) => {
    for (const track of microphone?.getTracks() ?? []) track.stop();
    void audio.close();
    onEnd(code === 1000 ? '' : reason || `WebSocket ${code}`);
  };
  return {
    type: (text) => {
      const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
      send({ type: 'conversation.item.create', item });
      send({ type: 'response.create' });
    },
    listen: async () => {
      microphone = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, channelCount: 1 } });
      await audio.audioWorklet.addModule(recorderUrl);
      const recorder = new AudioWorkletNode(audio, 'recorder');
      audio.createMediaStreamSource(microphone).connect(recorder);
      recorder.port.onmessage = ({ data }) =>
        send({ type: 'input_audio_buffer.append', audio: base64Of(new Uint8Array(data as ArrayBuffer)) });
    },
    end: () => socket.close(1000),
  };
}

function openSpeaker(audio: AudioContext) {
  let playUntil = 0;
  const playing = new Set<AudioBufferSourceNode>();
  return {
    play: (base64: string) => {
      const samples = samplesOf(base64);
      if (samples.length === 0) return;
      const buffer = audio.createBuffer(1, samples.length, RATE);
      buffer.copyToChannel(samples, 0);
      const source = new AudioBufferSourceNode(audio, { buffer });
      source.connect(audio.destination);
      playing.add(source);
      source.onended = () => playing.delete(source);
      playUntil = Math.max(playUntil, audio.currentTime);
      source.start(playUntil);
      playUntil += buffer.duration;
    },
    hush: () => {
      for (const source of playing) source.stop();
      playUntil = 0;
    },
  };
}
