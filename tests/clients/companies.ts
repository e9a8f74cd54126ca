import { createClient, type NewClient } from '#src/features/clients/actions.ts';
import type { Database } from '#src/platform/db/client.ts';
import { by, type Company, type Login } from '../cast.ts';

type Contact = NonNullable<NewClient['contacts']>[number];
type Line = [key: string, name: string, inn?: string | null, ...contacts: Contact[]];

const contact = (name: string, phone?: string, email?: string): Contact => ({
	name,
	...(phone ? { phone } : {}),
	...(email ? { email } : {}),
});

/** Anna's clients, of our own invention; the tests of the search know them by the words before their names. */
export const ANNAS: Line[] = [
	[
		'romashka',
		'ООО «Ромашка»',
		'7707083893',
		contact('Ольга Ёлкина', '8 (495) 123-45-67', 'Olga@Romashka.ru'),
	],
	[
		'romashkiny',
		'ИП Ромашкин Пётр Львович',
		'500100732259',
		contact('Пётр Ромашкин', '+7 916 555-10-20'),
	],
	[
		'yolka',
		'АО «Ёлочные игрушки»',
		'7728168971',
		contact('Семён Берёзов', '+7 (812) 700-11-22 доб. 305', 'semen@yolka.example'),
	],
	[
		'north',
		'ООО «Северный ветер»',
		'5024002119',
		contact('Мария Ильина', '+7 495 111-22-33', 'maria@sever-veter.example'),
	],
	['northstock', 'ЗАО «Склад Север»', null, contact('Илья Марьин', '8 495 222 33 44')],
	[
		'alfa',
		'ПАО «Альфа-Ресурс»',
		'7736050003',
		contact('Дина Ким', '+7 495 333-44-55', 'info@alfa-resurs.example'),
	],
	['mvideo', 'ООО «М.Вектор»', '7825706086', contact('Тимур Ахметов', '+7 843 210-20-30')],
	['onec', 'ООО «1С-Бухта»', '7709219099', contact('Нина Сомова', '+7 499 100-20-30')],
	[
		'school',
		'ГБОУ «Школа № 1535»',
		'7704056987',
		contact('Лариса Гусева', '84951112200', 'school1535@edu.example'),
	],
	['lyceum', 'МБОУ «Лицей № 14»', '6820011110', contact('Игорь Щукин')],
	['milk', 'АО «Молочная долина»', '3666068142', contact('Вера Кац', '+7 473 200-10-10')],
	['milkman', 'ООО «Молочник»', null, contact('Фёдор Молоков')],
	[
		'bread',
		'ООО «Хлебный дом»',
		'7810404440',
		contact('Анастасия Булкина', '+7 812 320-40-50', 'hleb@dom.example'),
	],
	['house', 'ООО «Дом книги»', null, contact('Роман Страницын')],
	['build', 'ООО «СтройМонтажСервис»', '2310031475', contact('Артём Каменев', '+7 861 255-66-77')],
	['builder', 'ООО «Строительный двор»', '5263047008', contact('Олег Кирпичёв')],
	['steel', 'АО «Стальконструкция»', '7414003633', contact('Жанна Ломова')],
	['volga', 'ООО «Волга Логистик»', '6315376946', contact('Станислав Речной', '+7 846 999-88-77')],
	[
		'volvo',
		'ООО «Volvo Восток»',
		'5032048798',
		contact('Mark Twist', '+46 31 59 00 00', 'mark@volvo.example'),
	],
	[
		'apple',
		'LLC «Green Apple Systems»',
		null,
		contact('Ann Baker', '+44 20 7946 0958', 'ann.baker@greenapple.example'),
	],
	['byelorus', 'ООО «Белые росы»', null, contact('Алесь Янкевич', '+375 29 123-45-67')],
	['kazakh', 'ТОО «Алатау Трейд»', null, contact('Айгуль Нурланова', '+7 727 250-00-11')],
	['clinic', 'ГБУЗ «Поликлиника № 8»', '7718081234', contact('Доктор Зуев', '+7 495 450-01-08')],
	['pharmacy', 'ООО «Аптека на Невском»', null, contact('Елена Таблетова')],
	['clever', 'ООО «Клевер»', null, contact('Клавдия Ершова')],
	['hammer', 'ООО «Молоток и Ко»', null, contact('Зоя Гвоздева')],
	['oneil', "ООО «О'Нил и сыновья»", null, contact("Джон О'Нил")],
	['percent', 'ООО «Скидка 50% всем»', null, contact('Павел Торгов')],
	['under', 'ООО «код_товара»', null],
	['quotes', 'ООО "Кавычки "в кавычках""', null],
	['gov', 'Администрация города Радужный', '8609015137', contact('Глава Ветров')],
	[
		'person',
		'Кузнецова Анна Сергеевна',
		null,
		contact('Анна Кузнецова', '+7 903 777-66-55', 'a.kuz@post.example'),
	],
	['person2', 'Кузнецов Сергей Ильич', null, contact('Сергей Кузнецов')],
	['garden', 'СНТ «Вишнёвый сад»', null, contact('Антон Павлович')],
	['energy', 'ООО «ЭнергоПрогресс»', '7744000912', contact('Виктор Токарев')],
	['electro', 'ООО «Электросила»', null, contact('Марина Вольтова')],
	[
		'furniture',
		'Мебельная фабрика «Уют», ООО',
		null,
		contact('Светлана Диванова', '+7 4012 55-66-77'),
	],
	['full', 'Общество с ограниченной ответственностью «Полное имя»', null],
	['hotel', 'Гостиница «Золотой колос»', null, contact('Портье Ночной', '+7 495 687-62-52')],
	['printing', 'Типография «Первый оттиск»', null, contact('Зинаида Литерова')],
	['fish', 'ООО «Рыбный причал»', null, contact('Гарпун Морской')],
	['cheese', 'Сыроварня «Три козы»', null, contact('Козьма Сыров')],
	['tea', 'Чайный дом «Пять листов»', null, contact('Ли Чаев')],
	['honey', 'Пасека «Мёд и воск»', null, contact('Пчёлкин Иван')],
	['metal', 'ООО «ТехМеталл Групп»', null, contact('Кирилл Плавкин')],
	['window', 'ООО «Окна века»', null, contact('Рамиль Стёклов')],
	['garage', 'Автосервис «Гараж 24/7»', null, contact('Костя Гайкин')],
	['theatre', 'Театр «Зеркало»', null, contact('Ирма Сценина')],
];

/** Clients of Gleb, who is in another team: nobody of the first one may find them. */
export const GLEBS: Line[] = [
	[
		'secret',
		'ООО «Тайна Глеба»',
		'7705035012',
		contact('Икс Секретов', '+7 812 765-43-21', 'x@secret.example'),
	],
	['romashka2', 'ООО «Ромашка Юг»', '2308016938', contact('Ольга Южина', '+7 861 123-45-60')],
	['klever2', 'ИП Клеверов', null, contact('Ян Клеверов')],
	['far', 'ООО «Дальний свет»', null, contact('Мария Дальняя')],
	['sea', 'ООО «Синее море»', null, contact('Капитан Немов')],
	['forest', 'АО «Лесной край»', null],
	['river', 'ООО «Быстрая река»', null],
	['field', 'КФХ «Чистое поле»', null],
	['mount', 'ООО «Горный хрусталь»', null],
	['sun', 'ООО «Солнечный берег»', null],
	['moon', 'ООО «Лунный камень»', null],
	['star', 'ООО «Полярная звезда»', null],
];

/** Makes them all; returns their words by their ids. */
export async function makeClients(db: Database, company: Company): Promise<Map<number, string>> {
	const made = new Map<number, string>();
	const make = async (login: Login, lines: Line[]) => {
		for (const [key, name, inn = null, ...contacts] of lines)
			made.set(await createClient(db, by(company.people[login]), { name, inn, contacts }), key);
	};
	await make('anna', ANNAS);
	await make('gleb', GLEBS);
	return made;
}

/** What is typed, and all that is meant by it, the best first where it matters. */
export const QUERIES: [typed: string, found: string[]][] = [
	['ромашка', ['romashka']],
	['Ромашку', ['romashka']],
	['ООО "Ромашка"', ['romashka']],
	['ромашка ооо', ['romashka']],
	['рамашка', ['romashka']],
	['рмоашка', ['romashka']],
	['рамошка', ['romashka']],
	['hjvfirf', ['romashka']],
	['ромашк', ['romashka', 'romashkiny']],
	['елкина', ['romashka']],
	['Ёлкиной', ['romashka']],
	['ёлочный', ['yolka']],
	['игрушки елочные', ['yolka']],
	['березов семен', ['yolka']],
	['+7 495 123-45-67', ['romashka']],
	['84951234567', ['romashka']],
	['(495) 123 45 67', ['romashka']],
	['123-45-67', ['romashka', 'byelorus']],
	['8 495 123', ['romashka']],
	['8 812 700-11-22 доб. 305', ['yolka']],
	['8 029 123-45-67', ['byelorus']],
	['7707083893', ['romashka']],
	['708389', ['romashka']],
	['5001', ['romashkiny', 'clinic']],
	['olga@romashka', ['romashka']],
	['ROMASHKA.RU', ['romashka']],
	['щдпф"кщьфырлф', ['romashka']],
	['ветер северный', ['north']],
	['север', ['north', 'northstock']],
	['севирный витер', ['north']],
	['альфаресурс', ['alfa']],
	['альфа ресурс', ['alfa']],
	['м.вектор', ['mvideo']],
	['1с бухта', ['onec']],
	['школа 1535', ['school']],
	['вишневого сада', ['garden']],
	['электрасила', ['electro']],
	['Кузнецовой Анне', ['person']],
	['грин эпл', []],
	['green aple', ['apple']],
	['мария ветер', ['north']],
	['ООО Полное имя', ['full']],
	["о'нил", ['oneil']],
	['50%', ['percent']],
	['код_т', ['under']],
	['стройматажсервис', ['build']],
	['медвоск', []],
];
