import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe } from 'vitest';
import { findTool, testTools, type ToolName } from '../../scripts/test-tools.mjs';
import { freePort, isListening } from './ports';

/** Where a part keeps its files, and where it is to listen. */
export interface Place {
  readonly folder: string;
  readonly port: number;
}

/** How a part is started. */
export interface Plan {
  readonly args: readonly string[];
  /** Files to write into its folder first, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

const isRoot = process.getuid?.() === 0;
/** The user `nobody`: what needs no rights gets none. */
const NOBODY = 65_534;
/** The user that parts run as. */
export const partUser = isRoot ? 'nobody' : (process.env['USER'] ?? '');

const READY_MS = 10_000;
const END_MS = 5_000;

/** A program of somebody else, running in a folder of its own until it is stopped. */
export class Part {
  /** All that it has printed so far. */
  log = '';
  readonly #process: ChildProcess;
  readonly #exit: Promise<unknown>;
  #hasEnded = false;

  private constructor(
    program: string,
    { args }: Plan,
    readonly place: Place,
  ) {
    this.#process = spawn(program, args, {
      cwd: place.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: place.folder, LC_ALL: 'C' },
      ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    this.#process.stdout?.on('data', (text) => (this.log += String(text)));
    this.#process.stderr?.on('data', (text) => (this.log += String(text)));
    this.#exit = once(this.#process, 'exit').then(
      () => (this.#hasEnded = true),
      (error: unknown) => {
        this.#hasEnded = true;
        this.log += String(error);
      },
    );
  }

  /** Resolves when its port is open. */
  static async start(tool: ToolName, makePlan: (place: Place) => Plan): Promise<Part> {
    const program = findTool(tool);
    if (program === undefined) throw new Error(`${tool} was not found; ${variableOf(tool)} names it.`);
    const place = { folder: mkdtempSync(join(tmpdir(), 'webifi-part-')), port: await freePort() };
    const plan = makePlan(place);
    give(place.folder);
    for (const [name, text] of Object.entries(plan.files ?? {})) {
      writeFileSync(join(place.folder, name), text, { mode: 0o600 });
      give(join(place.folder, name));
    }
    const part = new Part(program, plan, place);
    try {
      await part.#untilOpen();
      return part;
    } catch (error) {
      await part.stop();
      throw error;
    }
  }

  get port(): number {
    return this.place.port;
  }

  async stop(): Promise<void> {
    const impatience = setTimeout(() => this.#process.kill('SIGKILL'), END_MS);
    this.#process.kill('SIGTERM');
    await this.#exit;
    clearTimeout(impatience);
    rmSync(this.place.folder, { recursive: true, force: true });
  }

  async #untilOpen(): Promise<void> {
    for (const deadline = Date.now() + READY_MS; !(await isListening(this.port)); await wait(10)) {
      if (this.#hasEnded) throw new Error(`The program ended at once:\n${this.log}`);
      if (Date.now() > deadline) throw new Error(`The port did not open:\n${this.log}`);
    }
  }
}

function give(path: string): void {
  if (isRoot) chownSync(path, NOBODY, NOBODY);
}

function variableOf(tool: ToolName): string {
  return testTools.find(({ name }) => name === tool)?.variable ?? '';
}

/** `describe` for tests that drive these programs: skipped, and loudly so, where one of them is missing. */
export function describeWith(...tools: ToolName[]): typeof describe | typeof describe.skip {
  const missing = tools.filter((tool) => findTool(tool) === undefined);
  for (const tool of missing)
    console.warn(`SKIPPED: tests with ${tool}, which was not found (${variableOf(tool)} names one)`);
  return missing.length === 0 ? describe : describe.skip;
}

/** Declares the start and the end of a part around the tests of the current `describe`. */
export function usePart(tool: ToolName, makePlan: (place: Place) => Plan): () => Part {
  let part: Part | undefined;
  beforeAll(async () => {
    part = await Part.start(tool, makePlan);
  });
  afterAll(() => part?.stop());
  return () => {
    if (part === undefined) throw new Error(`${tool} is not started.`);
    return part;
  };
}
