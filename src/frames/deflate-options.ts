import { formatDeflateOffers } from './deflate-offer';
import type { DeflateOffer } from './deflate-offer';

/** How we compress what we send, whatever was agreed. @public */
export interface DeflateTuning {
  /** Messages sent in one frame with fewer bytes than these go out as they are. @defaultValue 1024 */
  threshold: number;
  /** How hard to try, 0 to 9; -1 for the default of zlib. @defaultValue -1 */
  level: number;
  /** Memory that zlib takes while it compresses, 1 to 9. @defaultValue 8 */
  memLevel: number;
}

/**
 * What a client offers, and how it compresses when the server agrees. By default it lets the server choose the size of
 * our window.
 *
 * @public
 */
export interface DeflateOptions extends DeflateOffer, Partial<DeflateTuning> {
  /** Further offers, in this order, for a server that cannot keep to the first one. @defaultValue none */
  fallbacks?: readonly DeflateOffer[];
}

/** @internal */
export interface DeflateSettings {
  /** The preferred first. */
  readonly offers: readonly DeflateOffer[];
  readonly tuning: DeflateTuning;
}

/**
 * Fills in the defaults.
 *
 * @returns `undefined` for no compression.
 * @throws RangeError for a threshold, level or window that is none.
 * @internal
 */
export function resolveDeflateOptions(
  options: boolean | DeflateOptions = false,
): DeflateSettings | undefined {
  if (options === false) return undefined;
  const given = options === true ? {} : options;
  const first = { ...given, clientMaxWindowBits: given.clientMaxWindowBits ?? true };
  const offers = [first, ...(given.fallbacks ?? [])];
  formatDeflateOffers(offers);
  return { offers, tuning: resolveDeflateTuning(given) };
}

/** @throws RangeError for a threshold or level that is none. @internal */
export function resolveDeflateTuning({
  threshold = 1_024,
  level = -1,
  memLevel = 8,
}: Partial<DeflateTuning>): DeflateTuning {
  if (!(typeof threshold === 'number' && threshold >= 0)) {
    throw new RangeError(`threshold is ${String(threshold)}; give a number of bytes.`);
  }
  requireInteger('level', level, -1, 9);
  requireInteger('memLevel', memLevel, 1, 9);
  return { threshold, level, memLevel };
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name} is ${String(value)}; give an integer from ${least} to ${most}.`);
}
