// Runs the product from source: the server starts again when a source file changes, the console reloads by vite
// on http://127.0.0.1:5173 (its API calls go to the server). Ends with Ctrl-C.
import { spawn } from 'node:child_process'
import { join, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = (name) => join(root, 'node_modules', '.bin', name)
const children = [
  spawn(bin('tsx'), ['watch', '--clear-screen=false', '--include', 'src/**/*.sql', 'src/main.ts', 'start', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' }),
  spawn(bin('vite'), ['--host', '127.0.0.1', '--port', '5173'], { cwd: join(root, 'web'), stdio: 'inherit' }),
]
const stop = () => { for (const child of children) child.kill('SIGTERM') }
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
await Promise.all(children.map((child) => new Promise((resolve) => child.on('exit', resolve))))
