export { FrameSocket } from './frames/browser/frame-socket';
export type { ConnectOptions } from './frames/browser/frame-socket';
export * from './frames/public';
