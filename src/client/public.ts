export { convertErrorCodeToString, ErrorCode, WebifiError } from '../core/errors';
export type { ErrorCodeName, ErrorTexts, WebifiErrorOptions } from '../core/errors';
export type { StatusChange, StatusCause } from '../core/session';
export type { State } from '../core/steps';
export { createSendData, ReceivedMessage } from './message';
export type { Data, SendData, SendOptions } from './message';
export type { MessageFilter } from './message-stream';
export type { Credentials, Logger, Secret, WebifiOptions } from './options';
export type { Device, DiscoverOptions, WebifiClient, WebifiEvents } from './webifi';
