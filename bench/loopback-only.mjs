// Preloaded into a peer that binds every interface: whatever it listens on is bound to loopback.
import { Server } from 'node:net'

const listen = Server.prototype.listen
Server.prototype.listen = function onLoopback(...args) {
  if (typeof args[0] === 'object' && args[0] !== null) args[0] = { ...args[0], host: '127.0.0.1' }
  else if (typeof args[1] === 'string') args[1] = '127.0.0.1'
  else args.splice(1, 0, '127.0.0.1')
  return listen.apply(this, args)
}
