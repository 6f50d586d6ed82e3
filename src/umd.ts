import * as exported from './browser';

/** The one global of the script-tag build: the class, with everything that is exported hanging on it. */
export default Object.assign(exported.Webifi, exported);
