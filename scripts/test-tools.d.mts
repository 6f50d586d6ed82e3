export declare function findChromium(): string | undefined;
export declare function findPython(): string | undefined;
export declare const chromiumFlags: readonly string[];
