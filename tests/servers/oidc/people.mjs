// The sandbox's people, and a consent page that is answered the way the sandbox's is.

export const PEOPLE = {
  ada: { id: 'ada', name: 'Ada Lindqvist', email: 'ada@sandbox.example' },
  bram: { id: 'bram', name: 'Bram Okonjo', email: 'bram@sandbox.example' },
};

export const consentPage = (uid) => `<!doctype html><title>oidc-provider</title>
<form method="post" action="/interaction/${uid}">
<label><input type="radio" name="person" value="ada" checked>Ada</label>
<label><input type="radio" name="person" value="bram">Bram</label>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>`;

export async function answerConsent(provider, request, response, form) {
  const details = await provider.interactionDetails(request, response);
  if (form.get('decision') !== 'allow') {
    const denied = { error: 'access_denied', error_description: 'The person said no.' };
    return provider.interactionFinished(request, response, denied);
  }
  const accountId = form.get('person');
  const grant = new provider.Grant({ accountId, clientId: details.params.client_id });
  grant.addOIDCScope(details.params.scope ?? '');
  for (const resource of [details.params.resource ?? []].flat()) {
    grant.addResourceScope(resource, details.params.scope ?? '');
  }
  const result = { login: { accountId }, consent: { grantId: await grant.save() } };
  return provider.interactionFinished(request, response, result);
}
