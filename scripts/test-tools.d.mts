export type ToolName =
  | 'Chromium'
  | 'Python 3'
  | 'Python websockets'
  | 'tinyproxy'
  | 'microsocks'
  | 'danted'
  | 'nginx'
  | 'sshd'
  | 'ssh'
  | 'nats-server'
  | 'mosquitto';

export interface Tool {
  readonly name: ToolName;
  readonly package: string;
  readonly variable: string;
}

export declare const testTools: readonly Tool[];
export declare const benchTools: readonly Tool[];
export declare function findTool(name: ToolName): string | undefined;
export declare const chromiumFlags: readonly string[];
