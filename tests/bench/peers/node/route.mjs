// route.mjs: what both Node peers do alike with an event.
export const upstream = process.env.UPSTREAM
export const port = Number(process.env.PORT)
export const connections = Number(process.env.CONNECTIONS ?? 192)

const skills = {
	in_stock: 'skill-premium-support-id',
	low_stock: 'skill-expedited-support-id',
}

export const form = 'grant_type=client_credentials&client_id=peer' +
    '&client_secret=peer-secret'

export function isEvent(event) {
	return typeof event?.data?.interactionId === 'string' &&
	    typeof event.data.mediaType === 'string'
}

export function makeSku(event) {
	return `SKU-${event.data.mediaType.toUpperCase()}-` +
	    event.data.interactionId.slice(-6)
}

export function route(status) {
	const skill = skills[status]

	return skill ? {skills: [skill], queues: []} :
	    {skills: [], queues: ['queue-general-support-id']}
}

export function update({skills, queues}) {
	return {routing: {
		skills: skills.map((id) => ({id})),
		queues: queues.map((id) => ({id})),
	}}
}

export function answer(event, sku, status, to, begin) {
	return {
		status: 'processed',
		latency_ms: (performance.now() - begin).toFixed(2),
		interaction_id: event.data.interactionId,
		decision: {sku, inventory_status: status, ...to},
	}
}
