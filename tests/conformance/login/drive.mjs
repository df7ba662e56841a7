// Drives our authorization server and API with oauth4webapi, and checks our access token as an independent resource
// server. Prints one JSON object for each check: {"check": name, "ok": true | false, "said": why not}.
import * as oauth from 'oauth4webapi'

const base = process.argv[2]
const redirect = `${base}/app/callback`
const insecure = { [oauth.allowInsecureRequests]: true }
let failed = false

async function check(name, act) {
  try {
    const found = await act()
    console.log(JSON.stringify({ check: name, ok: true }))
    return found
  } catch (error) {
    failed = true
    console.log(JSON.stringify({ check: name, ok: false, said: String(error), code: error?.code ?? null }))
    return undefined
  }
}

function demand(holds, what) {
  if (!holds) throw new Error(what)
}

// In development the issuer is a name that no resolver need know: its metadata is fetched where it answers.
const metadata = await (await fetch(`${base}/.well-known/oauth-authorization-server`)).json()
const issuer = new URL(metadata.issuer)
const elsewhere = (url, options) => fetch(String(url).replace(issuer.origin, base), options)
const as = await check('discovery', async () => {
  const response = await oauth.discoveryRequest(issuer, {
    algorithm: 'oauth2', [oauth.customFetch]: elsewhere, ...insecure,
  })
  return oauth.processDiscoveryResponse(issuer, response)
})
const client = { client_id: 'phone' }
const keys = await oauth.generateKeyPair('ES256')
const dpop = oauth.DPoP(client, keys)

async function authorize(changes = {}) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const url = new URL(as.authorization_endpoint)
  const wish = {
    client_id: client.client_id, redirect_uri: redirect, response_type: 'code', state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...changes,
  }
  for (const [name, value] of Object.entries(wish)) url.searchParams.set(name, value)
  const begun = await fetch(url, { redirect: 'manual' })
  const provider = new URL(begun.headers.get('location'))
  const page = await (await fetch(provider)).text()
  const request = /name="request" value="([^"]+)"/.exec(page)[1]
  const chosen = await fetch(new URL('/choose', provider), {
    method: 'POST', redirect: 'manual', body: new URLSearchParams({ request, who: 'p0', acr: 'L4' }),
  })
  const finished = await fetch(chosen.headers.get('location'), {
    redirect: 'manual', headers: { cookie: begun.headers.get('set-cookie').split(';')[0] },
  })
  return { verifier, state, back: new URL(finished.headers.get('location')) }
}

async function redeem(parameters, verifier, options = {}) {
  const ask = () => oauth.authorizationCodeGrantRequest(
    as, client, oauth.None(), parameters, redirect, verifier, { DPoP: dpop, ...insecure, ...options },
  )
  try {
    return await oauth.processAuthorizationCodeResponse(as, client, await ask())
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return oauth.processAuthorizationCodeResponse(as, client, await ask())
  }
}

async function refused(act, expected) {
  try {
    await act()
  } catch (error) {
    const said = error.error ?? error.cause?.[0]?.parameters?.error ?? error.code
    demand(said === expected, `${said} instead of ${expected}`)
    return
  }
  throw new Error(`taken, instead of ${expected}`)
}

const asked = await check('authorization, as far as the way back', () => authorize())
const parameters = await check('authorization response: state and iss (RFC 9207)', () =>
  oauth.validateAuthResponse(as, client, asked.back, asked.state))
const tokens = await check('token by code, PKCE and DPoP with nonce', () => redeem(parameters, asked.verifier))
await check('token response: type and life', () => {
  demand(tokens.token_type === 'dpop', tokens.token_type)
  demand(tokens.expires_in === 120, tokens.expires_in)
})

const resource = new URL(`${base}/v1/session`)
async function call(handle, token) {
  try {
    return await oauth.protectedResourceRequest(token, 'GET', resource, undefined, undefined, { DPoP: handle, ...insecure })
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return oauth.protectedResourceRequest(token, 'GET', resource, undefined, undefined, { DPoP: handle, ...insecure })
  }
}
await check('protected resource with DPoP', async () => {
  const response = await call(dpop, tokens.access_token)
  demand(response.status === 200, response.status)
})
await check('protected resource: a stolen token with another key', async () => {
  const other = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  await refused(() => call(other, tokens.access_token), 'invalid_dpop_proof')
})
await check('protected resource: no token', async () => {
  const response = await fetch(resource)
  demand(response.status === 401, response.status)
  demand(response.headers.get('www-authenticate').startsWith('DPoP '), 'no challenge')
})

// An independent resource server takes a call of the same client.
async function captured(token, handle = dpop) {
  let caught
  await oauth.protectedResourceRequest(token, 'GET', resource, undefined, undefined, {
    DPoP: handle, ...insecure,
    [oauth.customFetch]: async (url, options) => {
      caught = new Request(url, { method: 'GET', headers: options.headers })
      return new Response('{}', { status: 200 })
    },
  })
  return caught
}
const audience = `${metadata.issuer}/v1`
await check('our at+jwt at an independent resource server, with DPoP', async () => {
  const claims = await oauth.validateJwtAccessToken(as, await captured(tokens.access_token), audience, {
    requireDPoP: true, signingAlgorithms: ['ES256'], ...insecure,
  })
  demand(claims.iss === metadata.issuer && claims.client_id === 'phone', 'iss, client_id')
  demand(claims.exp - claims.iat === 120, 'life')
  demand(typeof claims.sid === 'string' && claims.acr === 'dspace:level:4', 'sid, acr')
})
await check('our at+jwt for another audience', async () => {
  const request = await captured(tokens.access_token)
  await refused(() => oauth.validateJwtAccessToken(as, request, 'https://other.example', insecure),
    'OAUTH_JWT_CLAIM_COMPARISON_FAILED')
})

async function refresh(token) {
  const ask = () => oauth.refreshTokenGrantRequest(as, client, oauth.None(), token, { DPoP: dpop, ...insecure })
  try {
    return await oauth.processRefreshTokenResponse(as, client, await ask())
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return oauth.processRefreshTokenResponse(as, client, await ask())
  }
}
const renewed = await check('refresh, bound to the key', () => refresh(tokens.refresh_token))
await check('refresh: rotated, and the new access token is taken', async () => {
  demand(renewed.refresh_token !== tokens.refresh_token, 'not rotated')
  demand((await call(dpop, renewed.access_token)).status === 200, 'refused')
})
await check('refresh: a token that comes twice', () => refused(() => refresh(tokens.refresh_token), 'invalid_grant'))
await check('refresh: the session is over', () => refused(() => refresh(renewed.refresh_token), 'invalid_grant'))
await check('the session is over for access tokens, too', async () => {
  await refused(() => call(dpop, renewed.access_token), 'invalid_token')
})

const second = await check('a second authorization', () => authorize())
const secondParameters = oauth.validateAuthResponse(as, client, second.back, second.state)
await check('token: another verifier', () =>
  refused(() => redeem(secondParameters, oauth.generateRandomCodeVerifier()), 'invalid_grant'))
await check('token: the code was spent by that', () => refused(() => redeem(secondParameters, second.verifier), 'invalid_grant'))
await check('token: without a proof', async () => {
  const third = await authorize()
  const shown = oauth.validateAuthResponse(as, client, third.back, third.state)
  await refused(() => redeem(shown, third.verifier, { DPoP: undefined }), 'invalid_dpop_proof')
})
await check('token: a proof by RS256', async () => {
  const third = await authorize()
  const shown = oauth.validateAuthResponse(as, client, third.back, third.state)
  const rsa = oauth.DPoP(client, await oauth.generateKeyPair('RS256'))
  await refused(() => redeem(shown, third.verifier, { DPoP: rsa }), 'invalid_dpop_proof')
})
await check('token: a proof whose clock is an hour off', async () => {
  const third = await authorize()
  const shown = oauth.validateAuthResponse(as, client, third.back, third.state)
  const late = oauth.DPoP({ ...client, [oauth.clockSkew]: -3600 }, keys)
  await refused(() => redeem(shown, third.verifier, { DPoP: late }), 'invalid_dpop_proof')
})
await check('token: a code bound by dpop_jkt to this key', async () => {
  const third = await authorize({ dpop_jkt: await dpop.calculateThumbprint() })
  await redeem(oauth.validateAuthResponse(as, client, third.back, third.state), third.verifier)
})
await check('authorization: an error comes with state and iss', async () => {
  const url = new URL(as.authorization_endpoint)
  url.search = new URLSearchParams({ client_id: 'phone', redirect_uri: redirect, response_type: 'token', state: 's' })
  const answer = await fetch(url, { redirect: 'manual' })
  const back = new URL(answer.headers.get('location'))
  await refused(async () => oauth.validateAuthResponse(as, client, back, 's'), 'unsupported_response_type')
})
process.exit(failed ? 1 : 0)
