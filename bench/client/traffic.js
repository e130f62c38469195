/**
 * Counts what a page says to servers from now on: requests and messages, and the bytes of their bodies. Gives the
 * function that ends it.
 */
export function watchTraffic(page) {
  const answers = [];
  const count = { requests: 0, sockets: 0, messages: 0, sent: 0, received: 0 };
  const requested = (request) => {
    if (request.isNavigationRequest() || request.resourceType() === 'script') return;
    count.requests++;
    count.sent += request.postDataBuffer()?.length ?? 0;
    if (request.resourceType() !== 'eventsource') answers.push(bodyOf(request));
  };
  const connected = (socket) => {
    count.sockets++;
    socket.on('framesent', ({ payload }) => {
      count.messages++;
      count.sent += Buffer.byteLength(payload);
    });
    socket.on('framereceived', ({ payload }) => {
      count.received += Buffer.byteLength(payload);
    });
  };
  page.on('request', requested);
  page.on('websocket', connected);
  return async () => {
    page.off('request', requested);
    page.off('websocket', connected);
    const received = (await Promise.all(answers)).reduce((sum, size) => sum + size, count.received);
    return { ...count, received, roundTrips: count.requests + count.sockets + count.messages };
  };
}

async function bodyOf(request) {
  const response = await Promise.race([request.response(), patience()]);
  return (await response?.body().catch(() => undefined))?.length ?? 0;
}

/** A request that is answered only when there is news ends without an answer here. */
const patience = () => new Promise((resolve) => setTimeout(resolve, 3000).unref());
