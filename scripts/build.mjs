// Builds dist/: the server by tsc (file by file, so that paths beside a module stay true), the console by vite.
// With --if-stale it does nothing when dist/ is newer than every source file; --out DIR builds elsewhere.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync, chmodSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const outOption = process.argv.indexOf('--out')
const out = outOption < 0 ? join(root, 'dist') : resolve(process.argv[outOption + 1])
const stamp = join(out, '.built')
const bin = (name) => join(root, 'node_modules', '.bin', name)

function newest(folder) {
  let latest = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist') continue
    const path = join(folder, entry.name)
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs)
  }
  return latest
}

function copyAssets(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) copyAssets(path)
    else if (/\.(sql|json)$/.test(entry.name)) {
      const target = join(out, relative(join(root, 'src'), path))
      mkdirSync(dirname(target), { recursive: true })
      cpSync(path, target)
    }
  }
}

const stale = !existsSync(stamp) || Math.max(newest(join(root, 'src')), newest(join(root, 'web'))) > statSync(stamp).mtimeMs
if (!process.argv.includes('--if-stale') || stale) {
  if (!existsSync(bin('tsc'))) {
    // Installed as a package: dist/ came with it, and there is nothing to build from.
    if (existsSync(join(out, 'main.js'))) process.exit(0)
    console.error('The build tools are missing. Run `npm ci` first.')
    process.exit(1)
  }
  rmSync(out, { recursive: true, force: true })
  execFileSync(bin('tsc'), ['-p', 'tsconfig.build.json', '--outDir', out], { cwd: root, stdio: 'inherit' })
  copyAssets(join(root, 'src'))
  execFileSync(bin('vite'), ['build', '--logLevel', 'warn', '--outDir', join(out, 'web'), '--emptyOutDir'], { cwd: join(root, 'web'), stdio: 'inherit' })
  chmodSync(join(out, 'main.js'), 0o755)
  writeFileSync(stamp, '')
}
