import { Webifi, convertErrorCodeToString, createSendData, ErrorCode, ReceivedMessage, WebifiError } from './browser';

/** The one global of the script-tag build: the class, with everything else hanging on it. */
export default Object.assign(Webifi, {
  Webifi,
  convertErrorCodeToString,
  createSendData,
  ErrorCode,
  ReceivedMessage,
  WebifiError,
});
