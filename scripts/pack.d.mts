export declare function pack(folder: string): {
  /** Absolute path. */
  tarball: string;
  /** Paths inside the package. */
  files: string[];
  /** Unit: bytes. */
  size: number;
};
