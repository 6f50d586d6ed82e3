import type { Plugin } from 'vite';

export declare const platformFetch: Plugin;
