// A plain script, so that every kind of consumer can load it as it is. Sends one message to itself and hands
// back what arrived.
globalThis.roundTrip = async function roundTrip(Webifi, server, useWebSocket) {
  const device = new Webifi({
    server,
    connectName: 'consumer',
    connectPassword: 'consumer-password',
    networkNames: ['consumers'],
    name: 'consumer',
    useWebSocket,
  });
  const received = new Promise((resolve) => {
    device.on('message', (message) => resolve(message));
  });
  device.start();
  await device.ready();
  const sessionId = device.getSessionId();
  await device.send('there and back ~ äöü', { dataType: 'round-trip', toSessionIds: [sessionId] });
  const { data, dataType, from } = await received;
  await device.close();
  return { data, dataType, fromSelf: from === sessionId };
};
