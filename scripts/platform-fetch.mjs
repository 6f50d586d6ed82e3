const PREFIX = '\0platform:';
const REPLACEMENTS = {
  'cross-fetch': 'export const fetch = (input, init) => globalThis.fetch(input, init);\nexport default fetch;\n',
  'isomorphic-ws': 'export default globalThis.WebSocket;\n',
};

/**
 * Puts the platform's own fetch in the place of cross-fetch, and its WebSocket in the place of isomorphic-ws, in everything
 * that is made for browsers.
 *
 * There, cross-fetch would add more code than the rest of the client has and, inside a CJS bundle, would call
 * fetch with a receiver that browsers refuse; isomorphic-ws looks for WebSocket under names of old browsers. Only importers
 * outside node_modules get the replacement. `globalThis.fetch` is read at call time, so that a page may wrap it later.
 */
export const platformFetch = {
  name: 'platform-fetch',
  enforce: 'pre',
  resolveId(source, importer) {
    const isOurs = importer !== undefined && !importer.includes('node_modules');
    return isOurs && source in REPLACEMENTS ? PREFIX + source : null;
  },
  load(id) {
    return id.startsWith(PREFIX) ? REPLACEMENTS[id.slice(PREFIX.length)] : null;
  },
};
