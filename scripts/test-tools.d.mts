export type ToolName =
  | 'Chromium'
  | 'Python 3'
  | 'Python websockets'
  | 'tinyproxy'
  | 'microsocks'
  | 'danted'
  | 'nginx'
  | 'sshd'
  | 'ssh';
export declare const testTools: readonly { readonly name: ToolName; readonly variable: string }[];
export declare function findTool(name: ToolName): string | undefined;
export declare const chromiumFlags: readonly string[];
