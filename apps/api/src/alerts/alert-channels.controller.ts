// `/admin/api/v1/alerts/channels`: whom to tell, and how. Addresses of the web and secrets are written only: the record says that
// they were, and no answer shows them again but the one that made them.
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import {
  CreateChannelInput,
  UpdateChannelInput,
  type AlertOwner,
  type CreateChannelRequest,
  type UpdateChannelRequest,
} from '@trunkline/alerting';
import {
  createChannel,
  findChannel,
  listChannels,
  lockedChannelVersion,
  removeChannel,
  testChannel,
  updateChannel,
} from '@trunkline/alerting/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { SecretSeal } from '@trunkline/platform/secrets';
import type { Request, Response } from 'express';
import { Allow, NeedsStepUp, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { administered } from '../http/administered.js';
import { checkQuery } from '../http/check-query.js';
import { edited, tagged } from '../http/edit.js';
import { madeOnce } from '../http/make-once.js';
import { RefusedRequest } from '../http/problem.js';
import { Answers } from '../openapi/answers.js';
import { Asks } from '../openapi/asks.js';
import { Conditional, Repeatable } from '../openapi/headers.js';
import { orTooLong } from '../reads/read-within.js';
import {
  ChannelAnswer,
  ChannelsAnswer,
  channelView,
  DeliveryAnswer,
  deliveryView,
  NewChannelAnswer,
  newChannelView,
} from './alert-answers.js';
import { ownerAsked, ownerOf, OwnerQuery } from './alert-owner.js';

const NO_SEAL = 'This process cannot seal what a channel keeps: start it with the pepper of the installation.';

interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly asked: unknown;
}

@Controller('admin/api/v1/alerts/channels')
@OpenToPrograms(true)
export class AlertChannelsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('alerts:read', 'tenant')
  @Answers(ChannelsAnswer, { says: 'Channels by name: the company’s, or a tenant’s own.' })
  @Get()
  async all(@Query({ schema: OwnerQuery }) query: OwnerQuery) {
    const owner = await ownerAsked(this.parts, query);
    return { channels: (await orTooLong(listChannels(this.parts.db, owner))).map(channelView) };
  }

  @Allow('alerts:write', 'tenant')
  @NeedsStepUp(true)
  @Repeatable()
  @Answers(NewChannelAnswer, { says: 'Makes a channel; `secret` is shown now and never again.', status: 201 })
  @Post()
  async create(
    @Query({ schema: OwnerQuery }) query: OwnerQuery,
    @Body({ schema: CreateChannelInput }) body: CreateChannelRequest,
    @Req() request: Request,
  ) {
    const owner = await ownerAsked(this.parts, query);
    const seal = this.seal();
    const asked = withoutSecrets(body);
    return madeOnce(this.parts, request, {
      change: { kind: 'alert_channel', id: null, ...ownerOf(owner), asked, withoutResult: true },
      body: { query, body },
      make: (db) => createChannel({ ...this.parts.tenancy, db, seal }, owner, body),
      ...{ answer: NewChannelAnswer, view: newChannelView },
    });
  }

  @Allow('alerts:read', 'tenant')
  @Answers(ChannelAnswer, { says: 'One channel, by name or id.' })
  @Get(':channel')
  async one(
    @Param('channel') named: string,
    @Query({ schema: OwnerQuery }) query: OwnerQuery,
    @Res({ passthrough: true }) response: Response,
  ) {
    const owner = await ownerAsked(this.parts, query);
    return tagged(response, administered(await orTooLong(findChannel(this.parts.db, owner, named))), channelView);
  }

  @Allow('alerts:write', 'tenant')
  @NeedsStepUp(true)
  @Conditional()
  @Answers(ChannelAnswer, { says: 'Changes what is named: where it goes, its secret, whether it is told anything.' })
  @Asks(OwnerQuery)
  @Patch(':channel')
  update(
    @Param('channel') named: string,
    @Body({ schema: UpdateChannelInput }) body: UpdateChannelRequest,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const seal = this.seal();
    return this.edit(
      { named, query: checkQuery(OwnerQuery, request.query) },
      { request, response, asked: withoutSecrets(body) },
      (db, owner) => updateChannel({ db, seal }, owner, { named, request: body }),
    );
  }

  @Allow('alerts:write', 'tenant')
  @Conditional()
  @Answers(ChannelAnswer, { says: 'Removes a channel that no rule names. Answers what was removed.' })
  @Delete(':channel')
  remove(
    @Param('channel') named: string,
    @Query({ schema: OwnerQuery }) query: OwnerQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.edit({ named, query }, { request, response, asked: 'remove' }, (db, owner) =>
      removeChannel(db, owner, named),
    );
  }

  /** What became of it is in `deliveries`. */
  @Allow('alerts:write', 'tenant')
  @Answers(DeliveryAnswer, { says: 'Has a channel told a test message.', status: 202 })
  @Post(':channel/test')
  @HttpCode(202)
  async test(
    @Param('channel') named: string,
    @Query({ schema: OwnerQuery }) query: OwnerQuery,
    @Req() request: Request,
  ) {
    const owner = await ownerAsked(this.parts, query);
    const { id, name } = administered(await orTooLong(findChannel(this.parts.db, owner, named)));
    const change = { kind: 'alert_channel', id, ...ownerOf(owner), asked: 'test', withoutResult: true };
    const db = auditedDb(this.parts.db, request, change);
    return deliveryView(administered(await testChannel({ ...this.parts.tenancy, db }, owner, id)), name);
  }

  private async edit(
    { named, query }: { readonly named: string; readonly query: OwnerQuery },
    { asked, ...exchange }: Exchange,
    act: (db: Database, owner: AlertOwner) => ReturnType<typeof removeChannel>,
  ) {
    const owner = await ownerAsked(this.parts, query);
    const { id } = administered(await orTooLong(findChannel(this.parts.db, owner, named)));
    return edited(this.parts.db, exchange, {
      thing: { kind: 'other', versionOf: (tx) => lockedChannelVersion(tx, id) },
      change: { kind: 'alert_channel', id, ...ownerOf(owner), asked },
      make: (db) => act(db, owner),
      read: () => findChannel(this.parts.db, owner, named),
      view: channelView,
    });
  }

  private seal(): SecretSeal {
    if (this.parts.seal === null) throw new RefusedRequest('secrets_not_here', { detail: NO_SEAL });
    return this.parts.seal;
  }
}

// An address may be a password itself.
function withoutSecrets(body: CreateChannelRequest | UpdateChannelRequest): object {
  const hidden = ['url', 'secret'].filter((name) => name in body);
  return { ...body, ...Object.fromEntries(hidden.map((name) => [name, '(sealed)'])) };
}
