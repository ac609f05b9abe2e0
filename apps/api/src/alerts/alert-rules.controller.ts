// `/admin/api/v1/alerts/rules`: what to look for, how bad it is, and whom to tell.
import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import {
  CreateRuleInput,
  UpdateRuleInput,
  type AlertOwner,
  type CreateRuleRequest,
  type UpdateRuleRequest,
} from '@trunkline/alerting';
import {
  createRule,
  findRule,
  listRules,
  lockedRuleVersion,
  removeRule,
  updateRule,
} from '@trunkline/alerting/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { Request, Response } from 'express';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { administered } from '../http/administered.js';
import { checkQuery } from '../http/check-query.js';
import { edited, tagged } from '../http/edit.js';
import { madeOnce } from '../http/make-once.js';
import { Answers } from '../openapi/answers.js';
import { Asks } from '../openapi/asks.js';
import { Conditional, Repeatable } from '../openapi/headers.js';
import { orTooLong } from '../reads/read-within.js';
import { RuleAnswer, RulesAnswer, ruleView } from './alert-answers.js';
import { ownerAsked, ownerOf, OwnerQuery } from './alert-owner.js';

interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly asked: unknown;
}

@Controller('admin/api/v1/alerts/rules')
@OpenToPrograms(true)
export class AlertRulesController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('alerts:read', 'tenant')
  @Answers(RulesAnswer, { says: 'Rules by name: the company’s, or a tenant’s own.' })
  @Get()
  async all(@Query({ schema: OwnerQuery }) query: OwnerQuery) {
    const owner = await ownerAsked(this.parts, query);
    return { rules: (await orTooLong(listRules(this.parts.db, owner))).map(ruleView) };
  }

  @Allow('alerts:write', 'tenant')
  @Repeatable()
  @Answers(RuleAnswer, { says: 'Makes a rule. A tenant’s own are about its budget and its moderation.', status: 201 })
  @Post()
  async create(
    @Query({ schema: OwnerQuery }) query: OwnerQuery,
    @Body({ schema: CreateRuleInput }) body: CreateRuleRequest,
    @Req() request: Request,
  ) {
    const owner = await ownerAsked(this.parts, query);
    return madeOnce(this.parts, request, {
      ...{ change: { kind: 'alert_rule', id: null, ...ownerOf(owner), asked: body }, body: { query, body } },
      make: (db) => createRule({ ...this.parts.tenancy, db }, owner, body),
      ...{ answer: RuleAnswer, view: ruleView },
    });
  }

  @Allow('alerts:read', 'tenant')
  @Answers(RuleAnswer, { says: 'One rule, by name or id.' })
  @Get(':rule')
  async one(
    @Param('rule') named: string,
    @Query({ schema: OwnerQuery }) query: OwnerQuery,
    @Res({ passthrough: true }) response: Response,
  ) {
    const owner = await ownerAsked(this.parts, query);
    return tagged(response, administered(await orTooLong(findRule(this.parts.db, owner, named))), ruleView);
  }

  @Allow('alerts:write', 'tenant')
  @Conditional()
  @Answers(RuleAnswer, { says: 'Changes what is named. An alert that is open goes on by the new terms.' })
  @Asks(OwnerQuery)
  @Patch(':rule')
  update(
    @Param('rule') named: string,
    @Body({ schema: UpdateRuleInput }) body: UpdateRuleRequest,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.edit(
      { named, query: checkQuery(OwnerQuery, request.query) },
      { request, response, asked: body },
      (db, owner) => updateRule(db, owner, { named, request: body }),
    );
  }

  @Allow('alerts:write', 'tenant')
  @Conditional()
  @Answers(RuleAnswer, { says: 'Removes a rule; what it has open is over. Answers what was removed.' })
  @Delete(':rule')
  remove(
    @Param('rule') named: string,
    @Query({ schema: OwnerQuery }) query: OwnerQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.edit({ named, query }, { request, response, asked: 'remove' }, (db, owner) =>
      removeRule(db, owner, named),
    );
  }

  private async edit(
    { named, query }: { readonly named: string; readonly query: OwnerQuery },
    { asked, ...exchange }: Exchange,
    act: (db: Database, owner: AlertOwner) => ReturnType<typeof removeRule>,
  ) {
    const owner = await ownerAsked(this.parts, query);
    const { id } = administered(await orTooLong(findRule(this.parts.db, owner, named)));
    return edited(this.parts.db, exchange, {
      thing: { kind: 'other', versionOf: (tx) => lockedRuleVersion(tx, id) },
      change: { kind: 'alert_rule', id, ...ownerOf(owner), asked },
      make: (db) => act(db, owner),
      read: () => findRule(this.parts.db, owner, named),
      view: ruleView,
    });
  }
}
