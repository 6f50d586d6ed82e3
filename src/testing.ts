export { ChaosProxy } from './testing/chaos-proxy';
export type { ChaosCounts, ChaosProxyOptions, ProxyTarget } from './testing/chaos-proxy';
export type { ConnectionFaults, CutHow, Direction } from './testing/chaos-connection';
export type { FlowMode, LineFaults } from './testing/flow';
export { HttpChaosProxy } from './testing/http-chaos';
export type { HttpChaosOptions, HttpCounts, HttpFaults, UpgradeFault } from './testing/http-chaos';
export { MemoryRelay } from './testing/memory-relay';
export type { MemoryRelayOptions } from './testing/memory-relay';
export { createPair } from './testing/pair';
export type { Pair, PairOptions } from './testing/pair';
export { seededRandom } from './testing/random';
export { VirtualClock } from './testing/virtual-clock';
export type { VirtualClockOptions } from './testing/virtual-clock';
export type {
  Clock,
  HttpAnswer,
  OpenSocket,
  Platform,
  Post,
  Signal,
  SocketHandlers,
  SocketTransport,
} from './core/transport';
