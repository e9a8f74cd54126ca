import { createServer } from 'node:net';
import { StartFault } from '#src/platform/start-fault.ts';

/** Takes the port for a moment, before anything slower begins. Throws StartFault where it cannot be had. */
export async function checkPort(host: string, port: number): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		const probe = createServer();
		probe.once('error', (error) => reject(portFault(error, host, port)));
		probe.listen(port, host, () => probe.close(() => resolve()));
	});
}

/** The sentence about a port that cannot be listened on; any other error comes back as it is. */
export function portFault(error: unknown, host: string, port: number): unknown {
	const code = (error as NodeJS.ErrnoException).code ?? '';
	if (code === 'EADDRINUSE')
		return new StartFault(
			`Порт ${port} занят: остановите программу, которая его держит, или задайте другой PORT.`,
		);
	if (code === 'EACCES')
		return new StartFault(`Порт ${port} этому пользователю не разрешён: задайте PORT больше 1023.`);
	if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL', 'EAFNOSUPPORT'].includes(code))
		return new StartFault(`Адреса «${host}» у этой машины нет: проверьте HOST.`);
	return error;
}
