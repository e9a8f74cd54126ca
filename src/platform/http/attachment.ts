const LATIN: Record<string, string> = Object.fromEntries(
	[
		...'а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f'.split(
			' ',
		),
		...'х=kh ц=ts ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya №=No'.split(' '),
	].map((pair) => pair.split('=') as [string, string]),
);

/** The header that makes a browser save a file under a name in any letters (RFC 6266, RFC 5987). */
export function attachment(name: string): string {
	const clean = name.replace(/[\p{Cc}\p{Cf}\\/:*?"<>|]/gu, '_').slice(0, 200);
	const encoded = encodeURIComponent(clean.toWellFormed()).replace(
		/['()*]/g,
		(sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
	);
	return `attachment; filename="${inLatin(clean)}"; filename*=UTF-8''${encoded}`;
}

// For programs that know no other letters: a name that can still be read.
function inLatin(name: string): string {
	return name
		.replace(/[а-яё№]/giu, (sign) => {
			const latin = LATIN[sign.toLowerCase()] ?? '_';
			return sign === sign.toLowerCase() ? latin : latin.charAt(0).toUpperCase() + latin.slice(1);
		})
		.normalize('NFD')
		.replace(/\p{M}/gu, '')
		.replace(/[^\x20-\x7e]|%/g, '_');
}
