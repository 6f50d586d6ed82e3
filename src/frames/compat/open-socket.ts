import { FrameSocketBase } from '../frame-socket';
import { DuplexStream } from '../node/duplex-stream';
import { nodeHost } from '../node/host';
import { SocketEngine } from '../socket-engine';
import { resolveSocketOptions } from '../socket-options';
import type { FrameSocketOptions } from '../socket-options';
import type { Upgraded } from './rest-exchange';

/** A `FrameSocket` over a connection that was upgraded with other headers than `UpgradeRequest` sends. @internal */
export class OpenSocket extends FrameSocketBase {
  constructor({ duplex, head, protocol, throttle }: Upgraded, options: FrameSocketOptions) {
    const opened = { stream: new DuplexStream(duplex, head), host: nodeHost, protocol };
    super(new SocketEngine(opened, resolveSocketOptions({ ...options, throttle })));
  }
}
