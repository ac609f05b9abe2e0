// What the simulator answers: which clips, or which tool with which arguments. Guarantees the same answer for the same
// seed and conversation, whatever the timing (rules in README.md); leaves streaming to response-run.ts.
import type { Clip, ClipLibrary } from '../audio/clips.js';
import { itemText } from './items.js';
import type { Entry } from './conversation.js';
import type { Tool, ToolChoice } from './settings-schemas.js';

/** The content of an answer. */
export type Reply =
  | { readonly kind: 'say'; readonly clips: readonly Clip[] }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: string };

/** What a reply depends on. */
export interface ReplyQuestion {
  readonly seed: number;
  readonly input: readonly Entry[];
  /** Instructions given with this one response; null when it used the session's. */
  readonly ownInstructions: string | null;
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
}

type FunctionTool = Extract<Tool, { type: 'function' }>;

/** Parts of tool names that say nothing about what the tool is for. */
const COMMON_NAME_PARTS = ['with', 'from', 'into', 'this', 'that', 'make', 'send', 'find', 'call', 'tool', 'function'];

/** Decides the answer. */
export function decideReply(question: ReplyQuestion, library: ClipLibrary): Reply {
  const tool = chooseTool(question);
  if (tool !== null) {
    return {
      kind: 'call',
      name: tool.name,
      arguments: JSON.stringify(argumentsFor(tool, lastUserText(question.input))),
    };
  }
  return { kind: 'say', clips: chooseClips(question, library) };
}

/**
 * A forced tool is called; `required` calls the tool that was mentioned, else the first; `auto` calls a tool that the
 * last item, a user's message, mentions: its whole name, or a part of its name of four letters or more. The whole
 * name in the response's own instructions counts too. A tool's output is never answered by another call.
 */
function chooseTool(question: ReplyQuestion): FunctionTool | null {
  const { toolChoice, input } = question;
  const functions = question.tools.filter((tool) => tool.type === 'function');
  if (typeof toolChoice === 'object') {
    return functions.find((tool) => 'name' in toolChoice && tool.name === toolChoice.name) ?? null;
  }
  const last = input.at(-1)?.item;
  if (toolChoice === 'none' || last?.type === 'function_call_output') return null;
  const isUserTurn = last?.type === 'message' && last.role === 'user';
  const text = isUserTurn ? lastUserText(input).toLowerCase() : '';
  const mentioned = functions.find(
    ({ name }) =>
      nameParts(name).some((part) => new RegExp(`\\b${part}`).test(text)) ||
      (question.ownInstructions?.includes(name) ?? false),
  );
  return mentioned ?? (toolChoice === 'required' ? (functions[0] ?? null) : null);
}

function nameParts(name: string): string[] {
  const parts = name.toLowerCase().split(/[^a-z0-9]+/);
  const telling = parts.filter((part) => part.length >= 4 && !COMMON_NAME_PARTS.includes(part));
  return [...telling, name.toLowerCase().replace(/[^a-z0-9]/g, '[^a-z0-9]')];
}

/** What the user said last: the text, and what was heard in the audio. */
function lastUserText(input: readonly Entry[]): string {
  const last = input.findLast(({ item }) => item.type === 'message' && item.role === 'user');
  return last === undefined ? '' : `${itemText(last.item)} ${last.heard}`.trim();
}

/** One or two sentences, chosen by a hash of the seed, the number of items and what the user said. */
function chooseClips(question: ReplyQuestion, library: ClipLibrary): Clip[] {
  const { seed, input } = question;
  const hash = hashText(`${seed}|${input.length}|${lastUserText(input)}`);
  const all = library.assistant;
  const first = hash % all.length;
  const second = (first + 1 + (Math.floor(hash / all.length) % (all.length - 1 || 1))) % all.length;
  const count = 1 + (Math.floor(hash / (all.length * all.length)) % 2);
  const chosen = [all[first], all[second]].slice(0, count);
  return chosen.filter((clip) => clip !== undefined);
}

/** FNV-1a. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Arguments that satisfy the tool's schema, with names and numbers from the user's text where they fit. */
function argumentsFor(tool: FunctionTool, text: string): unknown {
  return valueFor(tool.parameters ?? { type: 'object' }, text, 0);
}

/** Schemas nest; deeper ones are cut off. */
const SCHEMA_DEPTH_MAX = 5;

function valueFor(schema: unknown, text: string, depth: number): unknown {
  if (!isRecord(schema) || depth > SCHEMA_DEPTH_MAX) return null;
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) {
    return schema.enum.find((option) => text.toLowerCase().includes(String(option).toLowerCase())) ?? schema.enum[0];
  }
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'string':
      return nameIn(text);
    case 'integer':
    case 'number':
      return Number(/-?\d+(\.\d+)?/.exec(text)?.[0] ?? 1);
    case 'boolean':
      return true;
    case 'array':
      return [valueFor(schema.items, text, depth + 1)].filter((value) => value !== null);
    default:
      return objectFor(schema, text, depth);
  }
}

function objectFor(schema: Record<string, unknown>, text: string, depth: number): Record<string, unknown> {
  const properties = isRecord(schema.properties) ? schema.properties : {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, valueFor(property, text, depth + 1)]),
  );
}

/** A capitalised word after the first one (a name, a city), else the last word. */
function nameIn(text: string): string {
  const words = text.match(/[\p{L}\p{N}'-]+/gu) ?? [];
  return words.slice(1).find((word) => /^\p{Lu}/u.test(word) && word !== 'I') ?? words.at(-1) ?? 'example';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
