import type { TransportEvent } from '../../src/core/traffic';
import type { PromiseLevel } from './client-adapter';
import type { Path } from './pipe';

/** Chances of what can go wrong with one exchange over HTTP, or with one upgrade. */
export interface HttpNoise {
  requestLost: number;
  answerLost: number;
  duplicated: number;
  reordered: number;
  buffered: number;
  cut: number;
  gatewayError: number;
  captivePortal: number;
  upgradeRefused: number;
  /** The upgrade gets no answer. */
  upgradeHangs: number;
  /** It comes through, and soon after the connection is cut. */
  upgradeCut: number;
  /** A request that waits is ended. */
  idleCut: number;
}

export const QUIET: Readonly<HttpNoise> = {
  requestLost: 0,
  answerLost: 0,
  duplicated: 0,
  reordered: 0,
  buffered: 0,
  cut: 0,
  gatewayError: 0,
  captivePortal: 0,
  upgradeRefused: 0,
  upgradeHangs: 0,
  upgradeCut: 0,
  idleCut: 0,
};

/** Whoever is at the other end of a relay's connections. */
export interface Peer {
  readonly name: string;
  /** Its account; undefined for a stranger, who must not get anything of anybody. */
  readonly accountId: number | undefined;
  /** What was agreed with it; undefined for a stranger. */
  readonly level: PromiseLevel | undefined;
  readonly path: Path;
  readonly noise: HttpNoise;
  /** The network swallows everything and says nothing. */
  readonly isSilent: boolean;
  /** The network is known to be away. */
  readonly isOffline: boolean;
  readonly isReading: boolean;
  input(event: TransportEvent): void;
  closedByRelay(code: number): void;
  /** The relay has given it a resume token, with a login also a device id. */
  tookToken?(token: string, deviceId: string | undefined): void;
}
