import { describe, test } from 'vitest';
import { injectVisitor } from '../support/inject-visitor.ts';
import { kazpostCredentials, silencingFaults, startKazpostServer } from '../support/kazpost-server.ts';
import { startService } from '../support/service.ts';
import { openRequisites } from './journey.ts';
import { openWorld } from './world.ts';

// What a person sees at each fault of Kazpost's service. Several of the faults are waits, so each
// has its own service and the waits overlap.

/** Faults of Kazpost. The person may see one line of text about each of them, and nothing else. */
const faults = [...silencingFaults, 'down'] as const;

const degraded = {
  kk: '«Қазпочта» АҚ сервисі уақытша қолжетімсіз: нұсқалар кабинеттің мекенжай анықтамалығынан алынды. Мекенжайды қолмен де енгізуге болады.',
  ru: 'Сервис АО «Казпочта» временно недоступен: варианты взяты из справочника адресов кабинета. Адрес можно ввести и вручную.',
};

describe.each(['classic', 'open'] as const)('when the %s service is', (api) => {
  test.concurrent.for(faults)(
    '%s: the page says so, offers the shipped places, and saves',
    async (fault, { expect, onTestFinished }) => {
      const kazpost = await startKazpostServer();
      const service = await startService({
        KAZPOST_API: api,
        KAZPOST_URL: kazpost.url,
        KAZPOST_USER: kazpostCredentials.username,
        KAZPOST_PASSWORD: kazpostCredentials.password,
      });
      onTestFinished(async () => {
        await service.close();
        await kazpost.close();
      });
      const world = openWorld(service, async () => injectVisitor(service.server));
      if (fault === 'down') await kazpost.close();
      else kazpost.behave(fault);
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', 'шамалган');
      await visitor.press('Мекенжайды іздеу');
      expect(await visitor.status()).toBe(200);
      await visitor.sees(degraded.kk);
      await visitor.sees('Алматы облысы, Қарасай ауданы, Шамалған ауылы');
      await visitor.press('РУС');
      await visitor.press('Найти адрес');
      await visitor.sees(degraded.ru);
      await visitor.press('Алматинская область, Карасайский район, село Шамалган');
      await visitor.fill('Индекс', '040900');
      await visitor.press('Сохранить');
      expect(await visitor.heading()).toBe('Спасибо!');
      expect(await world.addressSource(person)).toMatchObject({ source: 'kato', id: '195259100' });
      expect(kazpost.requests.filter(({ path }) => path.startsWith('/elsewhere'))).toEqual([]);
    },
  );
});
