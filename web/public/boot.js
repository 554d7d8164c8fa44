// Runs before the first paint, as a file so that the content security policy needs no inline scripts.
// 1. The theme is set before anything is drawn. 2. A one-time sign-in token leaves the address bar at once.
;(function () {
  var root = document.documentElement
  var choice = 'system'
  try { choice = localStorage.getItem('tollgate.theme') || 'system' } catch { /* storage may be denied */ }
  var dark = choice === 'dark' || (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  root.dataset.theme = dark ? 'dark' : 'light'

  var url = new URL(location.href)
  var token = url.searchParams.get('token')
  if (token) {
    window.__tollgateToken = token
    url.searchParams.delete('token')
    history.replaceState(null, '', url.pathname + url.search + url.hash)
  }
})()
