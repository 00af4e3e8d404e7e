/** The Code field of CHAP. RFC 1994 §4 */
export const ChapCode = { challenge: 1, response: 2, success: 3, failure: 4 } as const;
