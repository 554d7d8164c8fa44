// Writes package-lock.json anew (npm install --package-lock-only) and completes it: a registry mirror may lack builds
// for other platforms, npm then leaves them out of the lock, and `npm ci` refuses a lock that does not name every
// optional dependency. They are added by name and exact version; npm skips those that are not for its platform.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const systems = ['darwin', 'win32', 'linux', 'android', 'freebsd', 'openharmony']
const processors = ['arm64', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'arm']

if (!process.argv.includes('--complete-only')) execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], { stdio: 'inherit' })
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
let added = 0
for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const known = lock.packages[`node_modules/${name}`] ?? lock.packages[`${place}/node_modules/${name}`]
    const os = systems.find((system) => name.includes(system))
    if (known !== undefined || os === undefined || !/^\d/.test(version)) continue
    const cpu = processors.find((processor) => name.includes(processor))
    const libc = /musl/.test(name) ? 'musl' : os === 'linux' ? 'glibc' : null
    lock.packages[`node_modules/${name}`] = { version, ...(cpu === undefined ? {} : { cpu: [cpu] }), ...(entry.dev ? { dev: true } : {}), ...(libc === null ? {} : { libc: [libc] }), optional: true, os: [os] }
    added += 1
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} platform packages added`)
