/** Version of this package; a test holds it to package.json. @public */
export const VERSION = '0.1.0';
