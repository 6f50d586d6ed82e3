export interface LockedPackage {
  version?: string;
  resolved?: string;
  integrity?: string;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

export interface Lock {
  packages: Record<string, LockedPackage>;
}

export interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  allowScripts?: Record<string, boolean>;
}

export interface DeniedVersions {
  name: string;
  below?: string;
  versions?: string[];
  why: string;
}

export declare function lockFaults(
  lock: Lock,
  manifest: Manifest,
  denied: readonly DeniedVersions[],
): string[];
