import { FrameSocket } from 'webifi/frames';

globalThis.echo = async (url) => {
  const socket = await FrameSocket.connect(url);
  await socket.sendFrame('there ', { fin: false });
  await socket.sendFrame('and back');
  const frame = await socket.readFrame();
  await socket.close(1000);
  return { text: frame.text(), wasClean: socket.wasClean, capabilities: socket.capabilities };
};
